/**
 * What runs in the page: shows the row of what the pointer or the focus is on, and keeps the names above their lifelines.
 * Without it, everything is there but those two. It copies nodes and sets text; it never makes HTML of a string.
 */
export const SCRIPT = `
(() => {
  const details = document.getElementById("details");
  const [names, picture] = [document.querySelector(".names .scroll"), document.querySelector(".picture")];
  picture.addEventListener("scroll", () => { names.scrollLeft = picture.scrollLeft; }, { passive: true });
  let shown;
  const show = (link) => {
    if (link === shown) return;
    for (const each of picture.querySelectorAll(".on")) each.classList.remove("on");
    shown = link;
    details.hidden = link === null;
    if (link === null) return;
    const id = link.getAttribute("href");
    for (const each of picture.querySelectorAll("a[href='" + id + "']")) each.classList.add("on");
    const row = document.getElementById(id.slice(1));
    details.replaceChildren();
    for (const cell of row.cells) {
      if (!cell.hasChildNodes()) continue;
      const line = document.createElement(cell.tagName === "TH" ? "h3" : "p");
      line.className = cell.dataset.name ?? "";
      line.append(...cell.cloneNode(true).childNodes);
      details.append(line);
    }
  };
  const linkOf = (event) => event.target.closest("a[href^='#e']");
  picture.addEventListener("pointerover", (event) => { const link = linkOf(event); if (link) show(link); });
  picture.addEventListener("pointerleave", () => show(picture.querySelector("a:focus-visible")));
  picture.addEventListener("focusin", (event) => show(linkOf(event)));
  picture.addEventListener("focusout", () => show(null));
  // A tap or a click shows the details; the key Enter goes to the row.
  picture.addEventListener("click", (event) => {
    const link = linkOf(event);
    if (link === null || event.detail === 0) return;
    event.preventDefault();
    show(link);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") show(null); });
})();
`;
