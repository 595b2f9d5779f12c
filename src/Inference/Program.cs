using Tollgate.Inference;
using Tollgate.Inference.Generation;
using Tollgate.ServiceDefaults.Hosting;

return args is ["bench", .. var rest] ? await Benchmark.RunAsync(rest) : await PlatformHost.RunAsync(args, InferenceApp.Create);
