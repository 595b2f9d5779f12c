using Tollgate.Inference;
using Tollgate.ServiceDefaults.Hosting;

return await PlatformHost.RunAsync(args, InferenceApp.Create);
