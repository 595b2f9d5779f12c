using Tollgate.FakeStripe;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, FakeStripeApp.Create);
