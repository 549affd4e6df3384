// What is where on the page, keys, and the first calls.

let isEmpty = false;
let isJoinWanted = false;

function showJoin() {
  $("join").hidden = !(isEmpty || isJoinWanted);
  $("join-toggle").setAttribute("aria-expanded", String(!$("join").hidden));
}

/** On a narrow screen one of the three. */
function show(view) {
  document.body.dataset.view = view;
  for (const button of document.querySelectorAll("nav button")) {
    button.setAttribute("aria-pressed", String(button.dataset.show === view));
  }
}

$("join-screen").append(...command(`peer-tui ${location.origin}`));
$("join-daemon").append(...command(`peer-tui daemon ${location.origin}`));
$("join-here").hidden = !/^(localhost|127\..*|\[::1\])$/.test(location.hostname);
$("join-toggle").addEventListener("click", () => {
  isJoinWanted = $("join").hidden;
  isEmpty = false;
  showJoin();
  if (isJoinWanted) $("join").scrollIntoView({ block: "nearest" });
});
for (const button of document.querySelectorAll("nav button")) {
  button.addEventListener("click", () => show(button.dataset.show));
}

$("search").addEventListener("submit", (event) => { event.preventDefault(); searchAnew(); });
$("query").addEventListener("input", searchAnew);
$("category").addEventListener("change", searchAnew);
$("sort").addEventListener("change", searchAnew);
$("owner").addEventListener("click", () => { chooseOwner(null); searchAnew(); $("query").focus(); });
$("peers-wish").addEventListener("submit", (event) => event.preventDefault());
$("peers-query").addEventListener("input", listPeersAnew);
$("peers-sort").addEventListener("change", listPeersAnew);
$("peers-online").addEventListener("change", listPeersAnew);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  if (event.key === "/" && !isTyping) {
    event.preventDefault();
    show("files");
    $("query").focus();
    $("query").select();
  } else if (event.key === "Escape" && document.activeElement === $("query")) {
    $("query").blur();
  }
});

addEventListener("hashchange", () => { recall(); searchAnew(); });

showJoin();
recall();
searchNow();
listPeers();
connect();
