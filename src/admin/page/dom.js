// Makes and updates elements. Texts become text nodes and attributes, never markup: markup in an event
// is shown as text.
const SVG = "http://www.w3.org/2000/svg";
const HANDLERS = ["onclick", "oninput", "onchange", "onsubmit", "onkeydown", "onpointermove", "onpointerleave"];

function fill(made, attributes, children) {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			made[name] = value;
		else if (value !== null && value !== undefined && value !== false)
			made.setAttribute(name, value === true ? "" : value);
	}
	made.append(...children.flat(9).filter((child) => child !== null && child !== undefined && child !== false));
	return made;
}

// el("p.quiet", { id: "a" }, "text", child): the object of attributes may be left out.
function make(create, what, rest) {
	const [name, ...classes] = what.split(".");
	const made = create(name);
	const plain = rest[0] !== null && typeof rest[0] === "object" && !(rest[0] instanceof Node) && !Array.isArray(rest[0]);
	if (classes.length > 0)
		made.setAttribute("class", classes.join(" "));
	return fill(made, plain ? rest[0] : {}, plain ? rest.slice(1) : rest);
}

export function el(what, ...rest) {
	return make((name) => document.createElement(name), what, rest);
}

export function svg(what, ...rest) {
	return make((name) => document.createElementNS(SVG, name), what, rest);
}

export function icon(name) {
	return svg("svg", { "aria-hidden": "true" }, svg("use", { href: `#icon-${name}` }));
}

export function find(id) {
	return document.getElementById(id);
}

// Pairs of a term and its text or element; a pair without a value is left out.
export function facts(pairs, className = "facts") {
	return el("dl", { class: className }, pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
		.map(([name, value]) => [el("dt", name), el("dd", value)]));
}

function adaptAttributes(old, next) {
	for (const { name } of [...old.attributes])
		if (!next.hasAttribute(name) && !(name === "open" && old.nodeName === "DETAILS"))
			old.removeAttribute(name);
	for (const { name, value } of [...next.attributes])
		if (old.getAttribute(name) !== value)
			old.setAttribute(name, value);
	for (const name of HANDLERS)
		old[name] = next[name];
}

function adapt(old, next) {
	if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) {
		old.replaceWith(next);
	} else if (old.nodeType !== Node.ELEMENT_NODE) {
		if (old.data !== next.data)
			old.data = next.data;
	} else {
		adaptAttributes(old, next);
		update(old, ...next.childNodes);
	}
}

// Gives the parent these children and changes only what differs, so that the focus, the selection and the
// scroll position stay.
export function update(parent, ...children) {
	const wanted = children.flat(9).filter((child) => child !== null && child !== undefined && child !== false)
		.map((child) => child instanceof Node ? child : document.createTextNode(child));
	const present = [...parent.childNodes];
	wanted.forEach((next, i) => i < present.length ? adapt(present[i], next) : parent.append(next));
	present.slice(wanted.length).forEach((old) => old.remove());
}

// Announces a change to screen readers; the same words are not announced twice in a row.
export function announce(words) {
	if (find("live").textContent !== words)
		find("live").textContent = words;
}

export function skeleton(n = 3, tall = false) {
	return Array.from({ length: n }, () => el(`div.skeleton${tall ? ".tall" : ""}`, { "aria-hidden": "true" }));
}
