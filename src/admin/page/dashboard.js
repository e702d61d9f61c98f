// The overview: one small request every two seconds while the page is visible. Everything that
// comes from the daemon is put into the page as text, never as markup.
"use strict";

const PERIOD_MS = 2000;
const find = (id) => document.getElementById(id);
let period = "hour";
let last = null;

function element(name, className, ...children) {
	const made = document.createElement(name);
	if (className)
		made.className = className;
	made.append(...children);
	return made;
}

function plural(n, word) {
	return `${count(n)} ${word}${BigInt(n) === 1n ? "" : "s"}`;
}

function count(n) {
	return BigInt(n).toLocaleString("en");
}

function bytes(n) {
	const units = ["bytes", "kB", "MB", "GB", "TB"];
	let unit = 0;
	while (n >= 1000 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	return `${n.toFixed(unit === 0 || n >= 100 ? 0 : 1)} ${units[unit]}`;
}

function duration(ms) {
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 60)
		return `${seconds} s`;
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min`;
	if (seconds < 86400)
		return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
	return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

// What one site needs: the text, and the command that mends it.
function needsOfSite(site) {
	const needs = [];
	const failed = site.counts.failed;
	const held = site.counts.held;
	if (site.paused_at !== 0)
		needs.push([`${site.site} was paused by ${site.paused_by}.`, `bentospool resume --site ${site.site}`]);
	else if (site.state === "paused")
		needs.push([`${site.site} is paused: ${site.reason}`, `bentospool resume --site ${site.site}`]);
	if (failed !== "0")
		needs.push([`${site.site}: ${plural(failed, "event")} failed.`, `bentospool errors --site ${site.site}`]);
	if (held !== "0")
		needs.push([`${site.site}: ${plural(held, "event")} held.`, `bentospool list --status held --site ${site.site}`]);
	return needs;
}

function needsOf(overview) {
	const needs = [];
	if (!overview.storage.ok)
		needs.push([`New events are refused: ${overview.storage.trouble}`, "bentospool doctor"]);
	if (overview.sites === null)
		needs.push(["The database cannot be read.", "bentospool doctor"]);
	if (overview.reload_failed)
		needs.push(["The last reload of the configuration was refused.", "bentospool check"]);
	return needs.concat(...(overview.sites || []).map(needsOfSite));
}

function showNeeds(needs) {
	find("needs").hidden = needs.length === 0;
	find("needs-list").replaceChildren(...needs.map(
		([text, command]) => element("li", "", `${text} `, element("code", "", command))));
}

function stateInWords(site, now) {
	if (site.paused_at !== 0)
		return `paused by ${site.paused_by} ${duration(now - site.paused_at)} ago`;
	if (site.state === "paused")
		return "paused";
	if (site.state === "backoff")
		return site.next_attempt_at > now
			? `backing off, next attempt in ${duration(site.next_attempt_at - now)}` : "backing off";
	return "ready";
}

function rows(pairs) {
	return pairs.flatMap(([name, value]) => [element("dt", "", name), element("dd", "", value)]);
}

function siteCard(site, now) {
	const reason = site.paused_at !== 0 ? site.pause_note : site.reason;
	const statuses = Object.entries(site.counts).filter(([name, n]) => name === "pending" || n !== "0");
	const pairs = statuses.map(([name, n]) => [name, count(n)]);
	if (site.oldest_pending_id !== "0")
		pairs.splice(1, 0, ["oldest waits", duration(now - site.oldest_pending_at)]);
	const card = element("article", "", element("h3", "", site.site),
		element("p", `state ${site.state}`, stateInWords(site, now)));
	if (site.state !== "ready" && reason !== "")
		card.append(element("p", "quiet reason", reason));
	card.append(element("dl", "", ...rows(pairs)));
	return card;
}

function showStorage(storage) {
	const free = storage.free_bytes === null ? "unknown" : bytes(storage.free_bytes);
	find("storage").replaceChildren(...rows([
		["Database", bytes(storage.database_bytes)],
		["Write-ahead log", bytes(storage.wal_bytes)],
		["Free on the disk", free],
		["New events are refused below", bytes(storage.min_free_bytes)],
	]));
}

// One bar for each value, beside the bars of the other series; none where nothing is known.
function bars(className, values, top, offset) {
	const slot = 600 / values.length;
	const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
	const parts = values.map((value, i) => {
		const height = 155 * (value || 0) / top;
		const left = i * slot + offset * slot;
		return height === 0 ? ""
			: `M${left.toFixed(2)} 160v${(-height).toFixed(2)}h${(slot * 0.4).toFixed(2)}v${height.toFixed(2)}z`;
	});
	path.setAttribute("class", className);
	path.setAttribute("d", parts.join(""));
	return path;
}

function showChart(overview) {
	const series = overview[period];
	const width = period === "hour" ? "minute" : "hour";
	const top = Math.max(1, ...series.received, ...series.delivered);
	const sum = (values) => values.reduce((a, b) => a + (b || 0), 0);
	const known = series.received.filter((value) => value !== null).length;
	const words = `${count(sum(series.received))} received and ${count(sum(series.delivered))} delivered in the last ${period}`;
	find("received-now").textContent = count(sum(series.received));
	find("delivered-now").textContent = count(sum(series.delivered));
	find("chart").setAttribute("aria-label", words);
	find("chart").replaceChildren(bars("in", series.received, top, 0.08),
		bars("out", series.delivered, top, 0.52));
	find("chart-note").textContent = `The highest point is ${plural(top, "event")} in one ${width}.`
		+ (known < series.received.length ? " Before the daemon's start nothing is known." : "");
}

function show(overview) {
	const needs = needsOf(overview);
	const pending = (overview.sites || []).reduce((n, site) => n + BigInt(site.counts.pending), 0n);
	const summary = find("summary");
	summary.classList.remove("bad");
	const words = needs.length === 0
		? (pending === 0n ? "No event is waiting." : `${plural(pending, "event")} waiting.`)
		: `${plural(needs.length, "matter")} for a person.`;
	// The same words again would be read out again.
	if (summary.textContent !== words)
		summary.textContent = words;
	showNeeds(needs);
	showChart(overview);
	find("sites").replaceChildren(...(overview.sites || []).map((site) => siteCard(site, overview.now)));
	showStorage(overview.storage);
}

function operationRow(operation) {
	const cells = [operation.operation_id, new Date(operation.at).toLocaleString(), operation.actor,
		operation.verb, count(operation.events), operation.undone_by === "0" ? "" : operation.undone_by];
	return element("tr", "", ...cells.map((cell) => element("td", "", cell)));
}

// Shows the page of operations before an id; the newest for "".
async function loadOperations(before) {
	try {
		const response = await fetch(`/api/operations${before && `?before=${before}`}`);
		if (!response.ok)
			throw new Error(response.statusText);
		const page = await response.json();
		const oldest = page.operations.at(-1);
		find("operations").replaceChildren(...page.operations.map(operationRow));
		find("operations-note").textContent = oldest ? "bentospool operations ID shows one with its filter and note."
			: "There are none.";
		find("newest").disabled = false;
		find("older").disabled = !page.more;
		find("older").onclick = () => loadOperations(oldest.operation_id);
	} catch {
		find("operations-note").textContent = "The operations cannot be read.";
		find("newest").disabled = false;
	}
}

function showLost() {
	find("summary").textContent = "The daemon does not answer: what follows is old.";
	find("summary").classList.add("bad");
}

async function load() {
	try {
		const response = await fetch("/api/overview", { signal: AbortSignal.timeout(10000) });
		if (!response.ok)
			throw new Error(response.statusText);
		last = await response.json();
		show(last);
	} catch {
		showLost();
	}
}

async function keepLoading() {
	if (!document.hidden)
		await load();
	setTimeout(keepLoading, PERIOD_MS);
}

for (const name of ["hour", "day"])
	find(name).addEventListener("click", () => {
		period = name;
		for (const other of ["hour", "day"])
			find(other).setAttribute("aria-pressed", String(other === name));
		if (last !== null)
			showChart(last);
	});
find("newest").addEventListener("click", () => loadOperations(""));
keepLoading();
loadOperations("");
