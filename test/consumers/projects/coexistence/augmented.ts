import 'oauth-resource-server/express/augment'
