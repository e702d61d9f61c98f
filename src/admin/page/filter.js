// A selection of events in its three forms: the parameters of an address and of a search, the filter of a
// change, and the options of a verb.
import { query } from "/api.js";

export const FIELDS = ["site", "status", "reason", "kind", "name", "email", "message_id", "error", "http_status", "via", "since", "until"];
const LISTS = ["status", "kind"];
const dashed = (name) => name.replace("_", "-");

// The values of the fields; "" for each that is not given.
export function valuesOf(search) {
	return Object.fromEntries(FIELDS.map((name) => [name, search.get(name) || ""]));
}

// What the daemon takes as a filter.
export function filterOf(values) {
	const one = (name, value) => LISTS.includes(name) ? value.split(",") : name === "http_status" ? Number(value) : value;
	return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== "").map(([name, value]) => [dashed(name), one(name, value)]));
}

// The address of the events that a filter of the daemon selects.
export function placeOf(filter) {
	return `#/events${query(Object.fromEntries(FIELDS.map((name) => [name, filter[dashed(name)] === undefined ? "" : String(filter[dashed(name)])])))}`;
}

const quoted = (text) => /^[\w.:,@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

// A filter as it is typed: "--status failed --name 'Order*'".
export function optionsOf(filter) {
	return Object.entries(filter || {}).map(([name, value]) => value === true ? `--${name}` : `--${name} ${quoted(String(value))}`).join(" ");
}
