// Peers: who is here, page by page.

const peerPages = new Pages($("peers-back"), $("peers-on"), () => listPeers());

const listPeers = newest(async () => {
  const parameters = {
    q: $("peers-query").value.trim(),
    sort: $("peers-sort").value,
    online: $("peers-online").checked ? "true" : "",
    cursor: peerPages.cursor,
    limit: 25,
  };
  try {
    const page = await ask(`/api/v1/peers?${query(parameters)}`);
    $("peers-told").textContent = page.count ? (peerPages.isFirst ? "" : `page ${peerPages.starts.length}`) : "Nobody.";
    $("peers-list").replaceChildren(...page.peers.map(peerRow));
    peerPages.show(page.next_cursor);
  } catch (error) {
    $("peers-told").textContent = error.message;
    if (error.retry) setTimeout(listPeers, error.retry * 1000);
  }
});

function listPeersAnew() {
  peerPages.reset();
  listPeers();
}

function peerRow(peer) {
  const seen = peer.is_online ? "online" : make("span", {}, "seen ", age(peer.last_seen));
  const button = make("button", { type: "button", title: "Show only files of this peer" },
    make("div", { className: "line" },
      make("span", { className: peer.is_online ? "dot is-online" : "dot" }),
      named(peer.name),
      make("span", { className: "quiet" }, seen)),
    make("div", { className: "under" },
      make("span", {}, count(peer.shared_files, "file")),
      make("span", {}, size(peer.shared_bytes)),
      make("span", {}, `reputation ${peer.reputation}`),
      ...(peer.version ? [make("span", {}, "version ", named(peer.version))] : []),
      ...(peer.region ? [named(peer.region)] : [])));
  button.addEventListener("click", () => {
    chooseOwner(peer);
    show("files");
    searchAnew();
  });
  return make("li", {}, button);
}

function showFigures(stats) {
  $("figure-peers").textContent = `${whole.format(stats.online_peers)} of ${whole.format(stats.total_peers)}`;
  $("figure-files").textContent = whole.format(stats.total_files);
  $("figure-bytes").textContent = size(stats.total_bytes);
  $("figure-downloads").textContent = whole.format(stats.total_downloads);
  isEmpty = stats.total_peers === 0;
  showJoin();
}
