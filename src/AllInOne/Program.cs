using System.CommandLine;
using System.CommandLine.Help;
using Tollgate.AllInOne.Doctor;
using Tollgate.AllInOne.Gateways;
using Tollgate.AllInOne.Keys;
using Tollgate.AllInOne.Models;
using Tollgate.AllInOne.Up;
using Tollgate.AllInOne.Usage;
using Tollgate.AllInOne.Workers;
using Tollgate.ServiceDefaults.Hosting;

NewFiles.AreTheOwnersAlone();
var root = new Command("./tollgate", "Tollgate: a model-as-a-service platform on one machine.")
{
    UpCommand.Create(),
    KeysCommand.Create(),
    ModelsCommand.Create(),
    GatewaysCommand.Create(),
    WorkersCommand.Create(),
    UsageCommand.Create(),
    DoctorCommand.Create(),
};
root.Options.Add(new HelpOption());
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
{
    await Console.Error.WriteLineAsync($"tollgate: {parsed.Errors[0].Message}");
    return 2;
}

// Left to itself the library ends the process two seconds after a signal; streams may take thirty to drain.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
