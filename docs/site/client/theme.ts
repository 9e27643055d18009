/** Runs before the first paint: what the reader chose, if not what the system says. */
const chosen = localStorage.getItem("ropewalk-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset["theme"] = chosen;
