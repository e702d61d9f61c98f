// Numbers, times and states in words. Ids and counts arrive as strings, because they may pass 2^53.
export function count(n) {
	return BigInt(n).toLocaleString("en");
}

export function plural(n, word) {
	return `${count(n)} ${word}${BigInt(n) === 1n ? "" : "s"}`;
}

export function bytes(n) {
	if (n === null || n === undefined)
		return "unknown";
	const units = ["bytes", "kB", "MB", "GB", "TB"];
	let value = Number(n);
	let unit = 0;
	while (value >= 1000 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

export function duration(ms) {
	const seconds = Math.max(0, Math.round(ms / 1000));
	if (seconds < 60)
		return `${seconds} s`;
	if (seconds < 3600)
		return `${Math.floor(seconds / 60)} min`;
	if (seconds < 86400)
		return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
	return `${Math.floor(seconds / 86400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

// A rate per minute as the status prints it: "3.2", "480", "12k".
export function rate(perMinute) {
	if (perMinute === null || perMinute === undefined)
		return "unknown";
	if (perMinute >= 10000)
		return `${Math.round(perMinute / 1000)}k`;
	return perMinute >= 100 || Number.isInteger(perMinute) ? String(Math.round(perMinute)) : perMinute.toFixed(1);
}

const pad = (n, width = 2) => String(n).padStart(width, "0");

export function clock(ms) {
	const at = new Date(ms);
	return `${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

// The local time, as the verbs print it.
export function when(ms) {
	if (!ms)
		return "";
	const at = new Date(ms);
	return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${clock(ms)}:${pad(at.getSeconds())}`;
}

export function ago(ms, now = Date.now()) {
	return ms > now ? `in ${duration(ms - now)}` : `${duration(now - ms)} ago`;
}

// The tone of a status: good, waiting, or in need of attention.
export function tone(status) {
	return { delivered: "good", pending: "wait", failed: "bad", held: "bad", invalid: "bad" }[status] || "plain";
}

export function sentence(words) {
	return `${words[0].toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? "" : "."}`;
}
