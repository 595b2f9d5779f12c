using Tollgate.Inference;
using Tollgate.Inference.Tasks.Chat;
using Tollgate.ServiceDefaults.Hosting;

return args is ["bench", .. var rest] ? await Benchmark.RunAsync(rest) : await PlatformHost.RunAsync(args, InferenceApp.Create);
