// @discordjs/ws, told where its Discord is. Prints each dispatch as it came.
import { REST } from '@discordjs/rest';
import { CompressionMethod, WebSocketManager, WebSocketShardEvents } from '@discordjs/ws';

const { CLIENT_API, CLIENT_COMPRESSION, CLIENT_SCHEME, CLIENT_TOKEN } = process.env;
const rest = new REST({ api: `${CLIENT_SCHEME}://${CLIENT_API}/api`, version: '10' }).setToken(CLIENT_TOKEN);
const methods = { 'zlib-stream': CompressionMethod.ZlibNative, 'zlib-sync': CompressionMethod.ZlibSync };
const manager = new WebSocketManager({
  token: CLIENT_TOKEN,
  intents: 513,
  rest,
  shardCount: 1,
  compression: methods[CLIENT_COMPRESSION] ?? null,
  useIdentifyCompression: CLIENT_COMPRESSION === 'payload',
});
manager.on(WebSocketShardEvents.Dispatch, (payload) => console.log(JSON.stringify(payload)));
manager.on(WebSocketShardEvents.Debug, (message) => console.error(message));
manager.on(WebSocketShardEvents.Error, (error) => console.error(String(error)));
manager.on(WebSocketShardEvents.SocketError, (error) => console.error(String(error)));
process.on('SIGTERM', () => process.exit(0));
await manager.connect();
