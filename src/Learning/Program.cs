using Tollgate.Learning;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, LearningApp.Create, LearningApp.MigrateAsync);
