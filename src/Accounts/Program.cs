using Tollgate.Accounts;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, AccountsApp.Create, AccountsApp.MigrateAsync);
