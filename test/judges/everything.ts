import { McpServer, ResourceTemplate } from '@modelcontextprotocol/sdk/server/mcp.js'
import { CreateMessageResultSchema, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js'
import { z } from 'zod'

// A transparent dot, and a sound of no length.
const image = {
  type: 'image',
  mimeType: 'image/png',
  data: 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
} as const
const audio = {
  type: 'audio',
  mimeType: 'audio/wav',
  data: 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=',
} as const
const text = (words: string): { type: 'text'; text: string } => ({ type: 'text', text: words })
const embedded = (uri: string) =>
  ({ type: 'resource', resource: { uri, mimeType: 'text/plain', text: 'an embedded resource' } }) as const

/** A server that has what the official test suite looks for. */
export function everything(): McpServer {
  const server = new McpServer(
    { name: 'everything', version: '1.0.0' },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  )
  addTools(server)
  addQuestions(server)
  addResources(server)
  addPrompts(server)
  return server
}

function addTools(server: McpServer): void {
  const tool = (name: string, ...content: object[]): void => {
    server.registerTool(name, { description: name }, () => ({ content: content as [typeof image] }))
  }
  tool('test_simple_text', text('This is a simple text response for testing.'))
  tool('test_image_content', image)
  tool('test_audio_content', audio)
  tool('test_embedded_resource', embedded('test://embedded-resource'))
  tool('test_multiple_content_types', text('several'), image, embedded('test://mixed-content-resource'))
  server.registerTool('test_error_handling', { description: 'fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing')
  })
  server.registerTool('test_tool_with_logging', { description: 'logs' }, async (extra) => {
    for (const data of ['started', 'processing', 'completed']) {
      await extra.sendNotification({ method: 'notifications/message', params: { level: 'info', data } })
    }
    return { content: [text('logged')] }
  })
  server.registerTool('test_tool_with_progress', { description: 'tells its progress' }, async (extra) => {
    const progressToken = extra._meta?.progressToken ?? 0
    for (const progress of [0, 50, 100]) {
      const params = { progressToken, progress, total: 100 }
      await extra.sendNotification({ method: 'notifications/progress', params })
    }
    return { content: [text('done')] }
  })
}

/** Tools that send a request to the client while they run. */
function addQuestions(server: McpServer): void {
  server.registerTool(
    'test_sampling',
    { description: 'asks the model of the client', inputSchema: { prompt: z.string() } },
    async ({ prompt }, extra) => {
      const params = { messages: [{ role: 'user' as const, content: text(prompt) }], maxTokens: 100 }
      const { content } = await extra.sendRequest(
        { method: 'sampling/createMessage', params },
        CreateMessageResultSchema,
      )
      return { content: [text(`the model says ${JSON.stringify(content)}`)] }
    },
  )
  server.registerTool(
    'test_elicitation',
    { description: 'asks the person', inputSchema: { message: z.string() } },
    async ({ message }, extra) => {
      const requestedSchema = {
        type: 'object' as const,
        properties: { username: { type: 'string' as const }, email: { type: 'string' as const } },
        required: ['username', 'email'],
      }
      const { action, content } = await extra.sendRequest(
        { method: 'elicitation/create', params: { message, requestedSchema } },
        ElicitResultSchema,
      )
      return { content: [text(`the person says ${action} ${JSON.stringify(content)}`)] }
    },
  )
}

function addResources(server: McpServer): void {
  server.registerResource('text', 'test://static-text', { mimeType: 'text/plain' }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'text/plain', text: 'a text' }],
  }))
  server.registerResource('binary', 'test://static-binary', { mimeType: 'image/png' }, ({ href }) => ({
    contents: [{ uri: href, mimeType: 'image/png', blob: image.data }],
  }))
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined })
  server.registerResource('template', template, { mimeType: 'application/json' }, ({ href }, { id }) => ({
    contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify({ id }) }],
  }))
}

function addPrompts(server: McpServer): void {
  const said = (content: ReturnType<typeof text> | typeof image | ReturnType<typeof embedded>) => ({
    messages: [{ role: 'user' as const, content }],
  })
  server.registerPrompt('test_simple_prompt', {}, () => said(text('a simple prompt')))
  server.registerPrompt(
    'test_prompt_with_arguments',
    { argsSchema: { arg1: z.string(), arg2: z.string() } },
    ({ arg1, arg2 }) => said(text(`arg1='${arg1}', arg2='${arg2}'`)),
  )
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { argsSchema: { resourceUri: z.string() } },
    ({ resourceUri }) => said(embedded(resourceUri)),
  )
  server.registerPrompt('test_prompt_with_image', {}, () => said(image))
}
