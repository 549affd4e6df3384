// Calls of the index, and the rule by which they are made again.

async function ask(path) {
  let response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, cache: "no-store" });
  } catch {
    throw Object.assign(new Error("The index does not answer."), { retry: 3 });
  }
  let body = {};
  try {
    body = await response.json();
  } catch {
    throw Object.assign(new Error(`The index answered ${response.status} and no JSON.`), { retry: 5 });
  }
  if (response.ok) return body;
  const retry = Number(response.headers.get("retry-after")) || 0;
  throw Object.assign(new Error(body.detail ?? body.title), { retry, status: response.status });
}

/** Parameters that are set, as a query string. */
function query(parameters) {
  const set = Object.entries(parameters).filter(([, value]) => value !== "" && value != null);
  return new URLSearchParams(set).toString();
}

/**
 * Does `work` for the newest wish: never twice at a time, and once more if something was wished
 * meanwhile. Typing is held up by nothing but the answers themselves.
 */
function newest(work) {
  let isBusy = false;
  let isWished = false;
  return async function wish() {
    isWished = true;
    if (isBusy) return;
    isBusy = true;
    while (isWished) {
      isWished = false;
      await work();
    }
    isBusy = false;
  };
}

/** At most every `ms`, and not while nobody looks. */
function seldom(ms, work) {
  let timer = null;
  let last = 0;
  let isWished = false;
  function run() {
    timer = null;
    if (document.hidden) return;
    isWished = false;
    last = Date.now();
    work();
  }
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && isWished && timer === null) run();
  });
  return function wish() {
    isWished = true;
    if (timer === null) timer = setTimeout(run, Math.max(0, last + ms - Date.now()));
  };
}

/** Pages that are turned by cursors: where each page seen so far began. */
class Pages {
  constructor(back, on, turned) {
    this.back = back;
    this.on = on;
    this.reset();
    back.addEventListener("click", () => {
      this.starts.pop();
      turned();
    });
    on.addEventListener("click", () => {
      this.starts.push(this.next);
      turned();
    });
  }

  reset() {
    this.starts = [""];
    this.next = null;
    this.rows = 0;
  }

  get cursor() {
    return this.starts.at(-1);
  }

  get isFirst() {
    return this.starts.length === 1;
  }

  show(next) {
    this.next = next;
    this.back.disabled = this.isFirst;
    this.on.disabled = next == null;
    this.back.parentElement.hidden = this.isFirst && next == null;
  }
}

/** Copies a text; pages that came without TLS have no clipboard of their own. */
async function copy(text) {
  if (window.isSecureContext && navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return true;
  }
  const field = make("textarea", { value: text, readOnly: true, className: "offscreen" });
  document.body.append(field);
  field.select();
  const isDone = document.execCommand("copy");
  field.remove();
  return isDone;
}

/** A line to be pasted into a terminal, with a button that copies it. */
function command(text) {
  const button = make("button", { type: "button", className: "copy" }, "Copy");
  const code = make("code", { tabIndex: 0 }, text);
  button.addEventListener("click", async () => {
    const isDone = await copy(text).catch(() => false);
    if (!isDone) getSelection().selectAllChildren(code);
    button.textContent = isDone ? "Copied" : "Selected";
    button.focus();
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return [code, button];
}

/** A name that is safe in a terminal and on any disk. */
function plainName(name) {
  const plain = name.replace(/[^\p{L}\p{M}\p{N} ._+,=@()[\]-]/gu, "_").slice(0, 120).trim();
  return /^[._ ]*$/.test(plain) ? "file" : plain;
}
