/** The theme switch, copy buttons, and the search box, which loads what it needs when somebody means to search. */

const root = document.documentElement;

const THEMES = ["system", "light", "dark"] as const;
const SPOKEN = { system: "as the system", light: "light", dark: "dark" } as const;

function themeNow(): (typeof THEMES)[number] {
  const chosen = root.dataset["theme"];
  return chosen === "light" || chosen === "dark" ? chosen : "system";
}

function setTheme(theme: (typeof THEMES)[number], button: HTMLElement): void {
  if (theme === "system") {
    delete root.dataset["theme"];
    localStorage.removeItem("ropewalk-theme");
  } else {
    root.dataset["theme"] = theme;
    localStorage.setItem("ropewalk-theme", theme);
  }
  button.setAttribute("aria-label", `Theme: ${SPOKEN[theme]}`);
  button.title = `Theme: ${SPOKEN[theme]}`;
}

const switchButton = document.querySelector<HTMLElement>("#theme");
if (switchButton !== null) {
  setTheme(themeNow(), switchButton);
  switchButton.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length] ?? "system";
    setTheme(next, switchButton);
  });
}

for (const figure of document.querySelectorAll<HTMLElement>("figure.code:not(.output, .plain)")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(figure.querySelector("code")?.textContent ?? "");
    button.textContent = "Copied";
    setTimeout(() => {
      button.textContent = "Copy";
    }, COPIED_MS);
  });
  figure.append(button);
}

/** The current page is in sight in a side bar that is longer than the window. */
document.querySelector("#navigation [aria-current]")?.scrollIntoView({ block: "nearest" });

async function openSearch(): Promise<void> {
  const { search } = await import("./search.ts");
  search();
}

document.querySelector("#find")?.addEventListener("click", () => void openSearch());
document.addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, select") !== null;
  if (isTyping || event.altKey) return;
  const wanted = event.ctrlKey || event.metaKey ? event.key === "k" : event.key === "/";
  if (!wanted) return;
  event.preventDefault();
  void openSearch();
});

const COPIED_MS = 1_500;

export {};
