"use strict";
// Words: names from strangers made visible, and figures as people read them. Nothing in this page
// is ever made into markup; every text goes in as text.

const $ = (id) => document.getElementById(id);

const NAMED = new Map([[0, "NUL"], [7, "BEL"], [8, "BS"], [9, "TAB"], [10, "LF"], [13, "CR"], [27, "ESC"], [127, "DEL"]]);
// Moves, hides or turns what stands around it, or looks like nobody knows what.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\u034F\u115F\u1160\u17B4\u17B5\u180B-\u180F\u3164\uFFA0\u{E0000}-\u{E00FF}]/u;
const JOINERS = "\u200C\u200D";
// Scripts in which a joiner between two letters is spelling.
const JOINED = /[\p{L}\p{M}]/u;
const JOINED_BLOCK = /[\u0600-\u0DFF\u1000-\u109F\u1780-\u17FF\uFB50-\uFDFF\uFE70-\uFEFE]/u;
const PICTURE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F]/u;
const MARK = /\p{M}/u;
const MARKS_MAX = 4;
const NAME_MAX = 1024;

function isJoined(before, joiner, after) {
  if (!before || !after) return false;
  if (joiner === "\u200D" && PICTURE.test(before) && PICTURE.test(after)) return true;
  return [before, after].every((one) => JOINED.test(one) && JOINED_BLOCK.test(one));
}

/** Cuts a text into pieces, each to be shown as it is or as the name of a character. */
function pieces(text) {
  const characters = Array.from(text);
  const out = [];
  let plain = "";
  let marks = MARKS_MAX;
  characters.slice(0, NAME_MAX).forEach((character, at) => {
    const isMark = MARK.test(character);
    const isSpelling = JOINERS.includes(character)
      && isJoined(characters[at - 1], character, characters[at + 1]);
    const isTooMuch = isMark && marks >= MARKS_MAX;
    if (isTooMuch || (HIDDEN.test(character) && !isSpelling)) {
      if (plain) out.push({ text: plain });
      plain = "";
      const code = character.codePointAt(0);
      const hex = code.toString(16).toUpperCase().padStart(4, "0");
      out.push({ text: `<${NAMED.get(code) ?? `U+${hex}`}>`, isOdd: true });
      marks = MARKS_MAX;
      return;
    }
    marks = isMark ? marks + 1 : 0;
    plain += character;
  });
  if (characters.length > NAME_MAX) plain += "…";
  if (plain) out.push({ text: plain });
  return out;
}

/**
 * A stranger's name, kept to itself: what is odd in it is marked, and whatever letters it is made
 * of, its ending stands at its right end and its direction leaks nowhere.
 */
function named(text, className = "name") {
  const element = make("bdi", { className, dir: "ltr" });
  for (const piece of pieces(String(text))) {
    element.append(piece.isOdd ? make("span", { className: "odd" }, piece.text) : piece.text);
  }
  return element;
}

/** An element with properties, attributes (those with a dash) and children; texts stay texts. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}

const whole = new Intl.NumberFormat("en");

function size(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

function count(number, one, many = `${one}s`) {
  return `${whole.format(number)} ${number === 1 ? one : many}`;
}

// How far the index's clock is from this one's, told by the feed.
let clockAhead = 0;

function ago(at) {
  const seconds = Math.max(0, Math.round((Date.now() + clockAhead - Date.parse(at)) / 1000));
  if (seconds < 10) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** A moment that goes on ageing. */
function age(at) {
  const time = make("time", { dateTime: at, title: new Date(at).toLocaleString() }, ago(at));
  time.dataset.ages = "";
  return time;
}

setInterval(() => {
  for (const time of document.querySelectorAll("time[data-ages]")) time.textContent = ago(time.dateTime);
}, 10_000);
