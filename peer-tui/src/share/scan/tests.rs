//! Looks at real folders, where the tests of the whole share do not reach.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn names(looked: &Looked) -> Vec<&str> {
    let files = looked.files.iter();
    files
        .map(|found| found.relative.to_str().unwrap())
        .collect()
}

#[test]
fn a_look_below_sees_what_a_whole_look_sees_there() {
    let root = tempfile::tempdir().unwrap();
    for folder in ["a/b", "a-b", ".h/c", "a/.h"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    for file in ["a/b/1", "a/2", "a-b/3", "4", ".h/c/5", "a/.h/6", "a/.7"] {
        fs::write(root.path().join(file), file).unwrap();
    }
    std::os::unix::fs::symlink("a", root.path().join("link")).unwrap();
    let rules = Rules::default();
    let all = look_at_root(root.path(), &rules).unwrap();
    assert_eq!(names(&all), ["4", "a-b/3", "a/2", "a/b/1"]);
    for (below, expected) in [
        ("a", &["a/2", "a/b/1"][..]),
        ("a/b/1", &["a/b/1"]),
        ("4", &["4"]),
        ("gone", &[]),
        ("4/x", &[]),
        (".h/c", &[]),
        ("a/.h/6", &[]),
        ("link", &[]),
        ("link/2", &[]),
    ] {
        let looked = look_below(root.path(), Path::new(below), &rules);
        assert_eq!(names(&looked), expected, "{below}");
        assert!(looked.troubles.is_empty() && looked.unseen.is_empty());
    }
}

#[test]
fn a_share_folder_inside_another_is_left_to_itself() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir_all(root.path().join("inner/deep")).unwrap();
    fs::write(root.path().join("inner/deep/f"), "f").unwrap();
    fs::write(root.path().join("g"), "g").unwrap();
    let rules = Rules {
        others: vec![identity_of(&root.path().join("inner")).unwrap()],
        ..Rules::default()
    };
    assert_eq!(names(&look_at_root(root.path(), &rules).unwrap()), ["g"]);
    let looked = look_below(root.path(), Path::new("inner"), &rules);
    assert!(looked.files.is_empty());
}

#[test]
fn what_is_too_deep_or_may_not_be_read_is_told() {
    let root = tempfile::tempdir().unwrap();
    let deep: PathBuf = (0..1_000).map(|_| "d").collect();
    fs::create_dir_all(root.path().join(&deep)).unwrap();
    fs::create_dir(root.path().join("locked")).unwrap();
    let nobody = fs::Permissions::from_mode(0o000);
    fs::set_permissions(root.path().join("locked"), nobody).unwrap();
    let looked = look_at_root(root.path(), &Rules::default()).unwrap();
    let told: Vec<_> = looked
        .troubles
        .iter()
        .map(|(path, _)| path.components().count())
        .collect();
    // The one who may read everything is not kept out of the locked folder.
    let is_root = fs::read_dir(root.path().join("locked")).is_ok();
    let mut expected = vec![SHARE_PATH_MAX_DEPTH + 1];
    expected.extend((!is_root).then_some(1));
    assert_eq!(told.len(), expected.len());
    assert!(
        expected.iter().all(|count| told.contains(count)),
        "{told:?}"
    );
}

#[test]
fn a_folder_that_is_none_says_what_to_do() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("file"), "f").unwrap();
    for name in ["missing", "file"] {
        let looked = look_at_root(&root.path().join(name), &Rules::default());
        assert!(matches!(looked, Err(RootTrouble::Gone(_))), "{name}");
    }
}
