// Runs in the browser. `validatorUrl` would send the document to somebody else's server.
window.SwaggerUIBundle({ url: 'openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null })
