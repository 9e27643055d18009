/** No scenario, for the message that says so. */
export default { name: "nothing" };
