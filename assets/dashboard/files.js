// Files: what is searched for, the rows that came, and who holds one of them.

const files = { isStale: false, owner: null, open: new Map() };
const filePages = new Pages($("results-back"), $("results-on"), () => searchNow());

const searchNow = newest(async () => {
  const wish = { q: $("query").value.trim(), category: $("category").value, sort: $("sort").value };
  remember(wish);
  const parameters = { ...wish, owner: files.owner?.id, cursor: filePages.cursor, limit: 50 };
  try {
    showPage(await ask(`/api/v1/files/search?${query(parameters)}`), wish);
  } catch (error) {
    tellTrouble(error);
  }
});

function searchAnew() {
  filePages.reset();
  searchNow();
}

function tellTrouble(error) {
  $("told").textContent = error.message;
  if (error.retry) setTimeout(searchNow, error.retry * 1000);
}

/** The address bar holds the search, so that it can be kept and sent on. */
function remember(wish) {
  const kept = query({ ...wish, sort: wish.sort === "relevance" ? "" : wish.sort, owner: files.owner?.id });
  history.replaceState(null, "", kept ? `#${kept}` : location.pathname);
}

function recall() {
  const kept = new URLSearchParams(location.hash.slice(1));
  $("query").value = kept.get("q") ?? "";
  $("category").value = kept.get("category") ?? "";
  $("sort").value = kept.get("sort") ?? "relevance";
  if ($("sort").selectedIndex < 0) $("sort").value = "relevance";
  const owner = kept.get("owner");
  chooseOwner(owner ? { id: owner, name: owner.slice(0, 7) } : null);
}

function showPage(page, wish) {
  const told = [];
  if (page.corrected !== undefined) told.push("Nothing is called ", named(wish.q), "; shown is ", named(page.corrected), ". ");
  const total = count(page.total, "file");
  if (page.total === 0 && !page.cut) told.push(wish.q || wish.category || files.owner ? "Nothing is found. All words have to match; fewer find more." : "Nobody shares anything yet.");
  else told.push(`${page.total_is_exact ? "" : "at least "}${total}`, filePages.isFirst ? "" : `, page ${filePages.starts.length}`);
  if (page.cut) told.push(" (the search was cut short; more words find it sooner)");
  $("told").replaceChildren(...told);
  const focused = document.activeElement?.closest?.("#results > li")?.dataset.id;
  const act = document.activeElement?.dataset?.act;
  $("results").replaceChildren(...page.results.map(fileRow));
  if (focused) $("results").querySelector(`li[data-id="${focused}"] [data-act="${act}"]`)?.focus();
  filePages.show(page.next_cursor);
}

function fileRow(file) {
  const folder = file.path.slice(0, Math.max(0, file.path.length - file.filename.length - 1));
  const link = `/download/${file.id}`;
  const more = make("button", { type: "button", "aria-expanded": "false", "data-act": "more" }, "More");
  const row = make("li", { "data-id": file.id },
    make("div", { className: "title-cell" },
      make("a", { className: "title", href: link, rel: "noreferrer", "data-act": "title" }, named(file.filename)),
      make("div", { className: "where" }, ...(folder ? [named(folder), " · "] : []), named(file.owner_name))),
    make("div", { className: "facts" },
      make("div", { className: "number" }, size(file.size)),
      make("div", { className: "number quiet" }, count(file.sources, "peer")),
      make("div", { className: "number quiet" }, age(file.upload_time))),
    make("div", { className: "acts" },
      make("a", { className: "get", href: link, rel: "noreferrer", "data-act": "get" }, "Download"), more));
  more.addEventListener("click", () => toggle(file, row, more));
  const kept = files.open.get(file.hash);
  if (kept) unfold(row, more, kept);
  return row;
}

function unfold(row, more, details) {
  row.append(details);
  more.setAttribute("aria-expanded", "true");
  more.textContent = "Less";
}

async function toggle(file, row, more) {
  const kept = files.open.get(file.hash);
  if (kept) {
    files.open.delete(file.hash);
    kept.remove();
    more.setAttribute("aria-expanded", "false");
    more.textContent = "More";
    return;
  }
  const details = fileDetails(file);
  files.open.set(file.hash, details);
  unfold(row, more, details);
  const holders = details.querySelector(".holders");
  try {
    const content = await ask(`/api/v1/content/${file.hash}`);
    holders.replaceChildren(...content.sources.map(holderRow));
  } catch (error) {
    holders.replaceChildren(make("li", { className: "quiet" }, error.message));
  }
}

function fileDetails(file) {
  const saveAs = plainName(file.filename).replaceAll("'", "_");
  const line = (text) => make("div", { className: "command" }, ...command(text));
  return make("div", { className: "details" },
    make("div", {}, named(file.path)),
    make("ul", { className: "holders", "aria-label": "Who has it" }, make("li", { className: "quiet" }, "Asking who has it …")),
    line(`peer-tui get ${file.hash}`),
    line(`curl -fL -o './${saveAs}' ${location.origin}/download/${file.id}`),
    make("div", {},
      make("a", { href: `/content/${file.hash}.meta4` }, "Metalink"),
      make("span", { className: "quiet" }, ` takes it from all holders at once (aria2c). ${file.category}; fetched ${count(file.downloads, "time")}.`)));
}

function holderRow(source) {
  const facts = [source.address, `reputation ${source.reputation}`];
  if (source.partial) facts.push("has a part so far");
  if (!source.is_online) facts.push("offline");
  return make("li", {},
    make("span", { className: source.is_online ? "dot is-online" : "dot" }),
    named(source.name),
    make("span", { className: "quiet" }, facts.join(" · ")));
}

function chooseOwner(peer) {
  files.owner = peer;
  $("owner").hidden = peer === null;
  if (peer) $("owner").replaceChildren("only of ", named(peer.name), " ×");
}
