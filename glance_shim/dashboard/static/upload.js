// Sends a file with its progress shown. Without this the browser sends the form by itself.

const form = document.querySelector("form[data-upload]");
const section = document.querySelector(".transfer");
const find = (selector) => section.querySelector(selector);
const HTML = { Accept: "text/html" };
const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];
const CLEARING_TRIES = 20;

// What is known of the image: where its data goes, and where the form for it is.
let image = form?.dataset.send ? { send: form.dataset.send, again: form.dataset.again } : null;
let request = null;

class Trouble extends Error {
  constructor(words, sessionEnded = false) {
    super(words);
    this.sessionEnded = sessionEnded;
  }
}

const ended = () => new Trouble("Your session has ended. Log in again, then try again.", true);
const lost = () => new Trouble("The connection was lost. Nothing of the data was kept.");
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

function size(count) {
  let step = 0;
  for (; count >= 1024 && step < UNITS.length - 1; step++) count /= 1024;
  return `${step ? count.toFixed(1) : count} ${UNITS[step]}`;
}

function duration(seconds) {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}

function say(words, trouble = false) {
  find(".words").textContent = words;
  find(".words").classList.toggle("bad", trouble);
  find(".words").classList.toggle("note", trouble);
}

// The text that forms of this session have in them; it changes with every login.
async function token() {
  for (let count = 0; count < CLEARING_TRIES; count++) {
    const answer = await fetch(image?.again ?? location.pathname, { headers: HTML }).catch(() => {
      throw lost();
    });
    if (answer.url.includes("/dashboard/login")) throw ended();
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const field = page.querySelector("form[data-upload] [name=csrf_token]");
    if (field) return field.value;
    if (!page.querySelector(".note.waiting")) break;
    say("The first try is still being cleared away…");
    await pause(1000);
  }
  throw new Trouble("The image takes no data now; see its page.");
}

async function reason(answer) {
  if (answer.status === 401) throw ended();
  const document = await answer.json().catch(() => ({}));
  throw new Trouble(document.error?.message ?? `The service answered ${answer.status}.`);
}

async function create(csrf, fields) {
  fields.delete("file");
  const answer = await fetch(form.action, {
    method: "POST",
    body: fields,
    headers: { Accept: "application/json", "X-CSRF-Token": csrf },
  }).catch(() => {
    throw lost();
  });
  if (!answer.ok) await reason(answer);
  return answer.json();
}

function send(file, csrf) {
  const began = performance.now();
  return new Promise((done, failed) => {
    request = new XMLHttpRequest();
    request.open("PUT", image.send);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRF-Token", csrf);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => show(event.loaded, file.size, began);
    request.upload.onload = () => say("Everything is sent; the service checks it…");
    request.onerror = () => failed(lost());
    request.onabort = () => failed(new Trouble("Cancelled. Nothing of the data was kept."));
    request.onload = () => {
      if (request.status === 204) return done();
      reason(new Response(request.responseText || "{}", { status: request.status })).catch(failed);
    };
    request.send(file);
  });
}

function show(sent, total, began) {
  const seconds = (performance.now() - began) / 1000;
  const rate = sent / Math.max(seconds, 0.001);
  find("progress").value = total ? sent / total : 1;
  const parts = [`${size(sent)} of ${size(total)}`, `${size(Math.round(rate))}/s`];
  if (sent && sent < total) parts.push(`${duration((total - sent) / rate)} left`);
  find(".figures").textContent = parts.join(" · ");
}

function busy(is) {
  for (const part of form.querySelectorAll("fieldset, form > button")) part.disabled = is;
  const details = form.querySelector("[data-details]");
  // What the image is called was said when it was made; its page changes it.
  if (details && image) details.disabled = true;
  find("[data-cancel]").hidden = !is;
  find("[data-retry]").hidden = is;
  find("[data-image-link]").hidden = is || !image;
}

async function upload() {
  const file = form.elements.file.files[0];
  const fields = new FormData(form);
  busy(true);
  section.hidden = false;
  find("#transfer-title").textContent = `Upload of ${file.name}`;
  find("#transfer-title").focus();
  find("[data-login-link]").hidden = true;
  find(".figures").textContent = "";
  find("progress").value = 0;
  say("Uploading…");
  try {
    const csrf = await token();
    image ??= await create(csrf, fields);
    await send(file, csrf);
    location.assign(image.again);
  } catch (trouble) {
    request = null;
    busy(false);
    say(trouble.message, true);
    if (image) find("[data-image-link]").href = image.again.replace(/\/upload$/, "");
    if (!trouble.sessionEnded) return;
    const next = image?.again ?? location.pathname;
    find("[data-login-link]").href = `${form.dataset.login}?next=${encodeURIComponent(next)}`;
    find("[data-login-link]").hidden = false;
  }
}

// Names and formats that the name of the file suggests, as long as nobody has chosen others.
function suggest() {
  const name = form.elements.file.files[0]?.name ?? "";
  const [, base, suffix] = /^(.*?)(?:\.([^.]*))?$/.exec(name);
  const field = form.elements.name;
  if (field && !field.value) field.value = base;
  const format = { img: "raw" }[suffix?.toLowerCase()] ?? suffix?.toLowerCase();
  const choice = form.elements.disk_format;
  if (choice && !choice.value && [...choice.options].some((each) => each.value === format)) {
    choice.value = format;
  }
}

if (form) {
  form.addEventListener("submit", (event) => {
    if (form.elements.source?.value === "web" || !form.elements.file.files.length) return;
    event.preventDefault();
    upload();
  });
  form.elements.file.addEventListener("change", suggest);
  find("[data-cancel]").addEventListener("click", () => request?.abort());
  find("[data-retry]").addEventListener("click", upload);
}
