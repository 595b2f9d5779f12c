using Tollgate.Gateway;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, GatewayApp.Create);
