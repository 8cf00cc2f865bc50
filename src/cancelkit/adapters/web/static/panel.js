// What makes the panel smoother; without it, everything works by plain links and forms.
// A link or form with data-inplace is fetched, and what it leads to takes the place of the page's
// main part, while what somebody has typed into other forms stays.
"use strict";
(() => {
  let busy = false;
  let leaving = false;

  const main = () => document.getElementById("main");
  const entries = () => [...main().querySelectorAll("form.entry[method=post]")];
  // A form's own properties are hidden by fields of the same name, such as "action".
  const leadsTo = (form) => new URL(form.getAttribute("action"), document.baseURI).href;
  const inputs = (form) => [...form.querySelectorAll("input, select, textarea")];
  const dirty = (form) =>
    form.hasAttribute("data-kept") || // what the server shows again was not stored
    inputs(form).some((one) => {
      if (one.type === "hidden" || !one.name) return false;
      if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
      if (one.options) return [...one.options].some((each) => each.selected !== each.defaultSelected);
      return one.value !== one.defaultValue;
    });
  const say = (text) => {
    document.getElementById("said").textContent = text;
  };

  // Addresses in a page are relative to its own address, which may be deeper than ours.
  const settle = (page, address) => {
    for (const name of ["href", "action"]) {
      for (const one of page.querySelectorAll(`[${name}]`)) {
        one.setAttribute(name, new URL(one.getAttribute(name), address).href);
      }
    }
  };

  const sameOf = (page, form) =>
    [...page.querySelectorAll("form[method=post]")].find((one) => leadsTo(one) === leadsTo(form));

  // What was typed into other forms than the one that was sent goes into the new page, with the
  // token of the view that it was typed on; also where nothing can be entered there any more.
  const keep = (fresh, sent) => {
    for (const old of entries().filter((form) => form !== sent && dirty(form))) {
      const same = sameOf(fresh, old);
      const section = sectionOf(old) && fresh.querySelector(`#${CSS.escape(sectionOf(old))} .body`);
      if (same) same.replaceWith(old);
      else (section || fresh.querySelector(".page")).append(old);
      const fold = old.closest("details");
      if (fold) fold.open = true;
    }
  };

  const place = (fresh, address, from) => {
    const anchor = new URL(address).hash.slice(1);
    const alert = fresh.querySelector("[role=alert]");
    const told = fresh.querySelector("[role=status]");
    if (told) told.removeAttribute("role"); // it is said below: a region that is new is not heard
    main().replaceWith(fresh);
    const section = anchor && document.getElementById(decodeURIComponent(anchor));
    const near = from && document.getElementById(from);
    const target = alert || near || (section && section.querySelector("h2")) || fresh.querySelector("h2");
    if (alert) alert.tabIndex = -1;
    if (target) target.focus({ preventScroll: target === near });
    if (!alert) say(told ? told.textContent.trim() : document.title);
  };

  // What went wrong, where the answer has no page with the form to go on from: it is said in the
  // page that is there, and what was typed stays.
  const warn = (fresh, sent) => {
    const alert = fresh.querySelector("[role=alert]") || fresh;
    const note = document.createElement("div");
    note.className = "note bad";
    note.tabIndex = -1;
    note.setAttribute("role", "alert");
    note.setAttribute("data-warning", "");
    const said = document.createElement("div");
    for (const one of alert.querySelectorAll("h1, p, li")) {
      said.appendChild(document.createElement("p")).textContent = one.textContent;
    }
    note.append(said);
    (sent || main().querySelector(".page")).prepend(note);
    main().removeAttribute("aria-busy");
    note.focus();
  };

  const load = async (address, body, sent, from) => {
    if (busy) return;
    busy = true;
    say("");
    main().setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, body ? { method: "POST", body } : {});
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main");
      if (!fresh || !answer.headers.get("Content-Type").startsWith("text/html")) throw new Error();
      for (const old of main().querySelectorAll("[data-warning]")) old.remove();
      settle(fresh, answer.url);
      if (!answer.ok && !(sent && sameOf(fresh, sent))) return warn(fresh, sent);
      const hash = new URL(address).hash || (sent ? `#${sectionOf(sent)}` : "");
      keep(fresh, sent);
      document.title = page.title;
      place(fresh, answer.url.split("#")[0] + hash, from);
    } catch {
      main().removeAttribute("aria-busy");
      say(document.body.dataset.offline);
      window.alert(document.body.dataset.offline);
    } finally {
      busy = false;
    }
  };

  const sectionOf = (form) => form.closest("[id^=section-]")?.id ?? "";

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-inplace]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    load(link.href, null, null, null);
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.hasAttribute("data-sent")) return event.preventDefault(); // the second click of a double click
    if (form.hasAttribute("data-inplace")) {
      event.preventDefault();
      const fields = new URLSearchParams(new FormData(form));
      if (form.getAttribute("method") === "post") return void load(leadsTo(form), fields, form, null);
      const address = new URL(leadsTo(form));
      address.search = fields;
      return void load(address.href, null, null, document.activeElement.id);
    }
    form.setAttribute("data-sent", "");
    form.setAttribute("aria-busy", "true");
    leaving = true;
  });

  window.addEventListener("pageshow", () => {
    leaving = false;
    for (const form of document.forms) {
      form.removeAttribute("data-sent");
      form.removeAttribute("aria-busy");
    }
  });

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && entries().some(dirty)) event.preventDefault();
  });
})();
