using Tollgate.Inference;
using Tollgate.Inference.Tasks.Chat.Check;
using Tollgate.ServiceDefaults.Hosting;

return args switch
{
    ["check", .. var rest] => await DeviceCheck.RunAsync(rest),
    _ => await PlatformHost.RunAsync(args, InferenceApp.Create),
};
