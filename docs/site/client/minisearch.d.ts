/** The build copies the library beside the page's own scripts. */
export { default } from "minisearch";
