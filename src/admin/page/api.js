// Requests to the daemon. Each refusal becomes an error with a message for people.
export class Refusal extends Error {
	constructor(status, code, words, body) {
		super(words);
		this.status = status;
		this.code = code;
		this.body = body;
	}
}

const WAIT_MS = 15000;

async function refusal(response) {
	let body = null;
	try {
		body = await response.json();
	} catch {
		// The refusal is not JSON: a proxy may have sent it.
	}
	return new Refusal(response.status, body?.code || "", body?.message || `the daemon answered with HTTP status ${response.status}`, body);
}

async function ask(path, options, signal, wait) {
	const limit = AbortSignal.timeout(wait);
	let response;
	try {
		response = await fetch(path, { ...options, signal: signal ? AbortSignal.any([signal, limit]) : limit });
	} catch (e) {
		if (signal?.aborted)
			throw e;
		throw new Refusal(0, "no_answer", "the daemon does not answer", null);
	}
	if (!response.ok)
		throw await refusal(response);
	return response;
}

export async function read(path, signal) {
	return (await ask(path, {}, signal, WAIT_MS)).json();
}

export async function readText(path, signal) {
	return (await ask(path, {}, signal, WAIT_MS)).text();
}

export async function send(path, body, signal, wait = WAIT_MS) {
	return (await ask(path, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(body),
	}, signal, wait)).json();
}

export function query(values) {
	const used = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
	const text = new URLSearchParams(used).toString();
	return text === "" ? "" : `?${text}`;
}
