// Makes a real client send one call of every kind that it knows, and waits for all answers.
// Usage: node clients.mjs SDK-DIRECTORY CLIENT URL WRITE-KEY LABEL; prints the version and the kinds.
import { createRequire } from 'node:module'

const [folder, client, host, writeKey, label] = process.argv.slice(2)
const require = createRequire(`${folder}/package.json`)

const someone = { userId: `user-${label}` }
const context = { label, traits: { email: `${label}@example.com` } }
const calls = {
	identify: { ...someone, traits: { email: `${label}@example.com`, firstName: 'Ann' } },
	track: { ...someone, event: 'Order Completed', properties: { total: 19.99, text: 'é\n€' } },
	page: { ...someone, category: 'Docs', name: 'Home', properties: { url: '/' } },
	screen: { ...someone, name: 'Start', properties: {} },
	group: { ...someone, groupId: 'g-1', traits: { plan: 'free' } },
	alias: { ...someone, previousId: `anonymous-${label}` },
}

// Each makes a client: how one call is made, how all that waits is sent.
const clients = {
	'@segment/analytics-node'() {
		const modern = Number(process.versions.node.split('.')[0]) >= 20
		const name = modern ? '@segment/analytics-node' : 'analytics-node-for-node-18'
		const { Analytics } = require(name)
		const analytics = new Analytics({ writeKey, host, path: '/v1/batch', flushAt: 4,
			flushInterval: 50 })
		return {
			version: require(`${folder}/node_modules/${name}/package.json`).version,
			call: (kind, message) => new Promise((resolve, reject) =>
				analytics[kind](message, (err) => err ? reject(err) : resolve())),
			flush: () => analytics.closeAndFlush(),
		}
	},
	'analytics-node'() {
		const Analytics = require('analytics-node')
		return queueing('analytics-node', new Analytics(writeKey, { host, flushAt: 4,
			flushInterval: 50, errorHandler: () => {} }))
	},
	'@rudderstack/rudder-sdk-node'() {
		const Analytics = require('@rudderstack/rudder-sdk-node')
		return queueing('@rudderstack/rudder-sdk-node', new Analytics(writeKey, {
			dataPlaneUrl: host, flushAt: 4, flushInterval: 50, errorHandler: () => {} }))
	},
}

function queueing(name, analytics) {
	return {
		version: require(`${folder}/node_modules/${name}/package.json`).version,
		call: (kind, message) => new Promise((resolve, reject) =>
			analytics[kind](message, (err) => err ? reject(err) : resolve())),
		flush: () => analytics.flush().catch(() => {}),
	}
}

const { version, call, flush } = clients[client]()
const made = Object.entries(calls).map(([kind, message]) =>
	call(kind, { ...message, context }).then(() => kind))
await flush()
const kinds = (await Promise.allSettled(made)).map((end) => {
	if (end.status === 'fulfilled')
		return end.value
	console.error(end.reason)
	process.exitCode = 1
	return 'failed'
})
console.log(`version ${version}`)
console.log(`kinds ${kinds.join(' ')}`)
