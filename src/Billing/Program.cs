using Tollgate.Billing;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, BillingApp.Create, BillingApp.MigrateAsync);
