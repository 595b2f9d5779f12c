using System.CommandLine;
using Tollgate.ServiceDefaults.Hosting;
using Tollgate.Training;
using Tollgate.Training.Runs;

if (args is ["serve", .. var settings])
{
    return await PlatformHost.RunAsync(settings, TrainerApp.Create);
}

var root = new RootCommand("Trains models that Tollgate serves.")
{
    new Command("serve", "Runs fine-tuning jobs until a signal; its settings are a service's."),
    TrainCommand.Create(), SplitsCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
