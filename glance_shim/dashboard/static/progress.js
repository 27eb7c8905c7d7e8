// Looks again every two seconds, for as long as there is something to wait for.

const PAUSE = 2000;

async function look() {
  const shown = document.getElementById("progress");
  if (!shown.hasAttribute("data-running")) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = page.getElementById("progress");
    if (!now) return location.reload();
    if (!now.isEqualNode(shown)) shown.replaceChildren(...now.childNodes);
    shown.toggleAttribute("data-running", now.hasAttribute("data-running"));
  } catch {
    // The service or the network is away; it may come back.
  }
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
