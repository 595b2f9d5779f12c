using System.CommandLine;
using Tollgate.AllInOne.Doctor;
using Tollgate.AllInOne.Gateways;
using Tollgate.AllInOne.Keys;
using Tollgate.AllInOne.Models;
using Tollgate.AllInOne.Up;
using Tollgate.AllInOne.Usage;
using Tollgate.AllInOne.Workers;

var root = new RootCommand("Tollgate: a model-as-a-service platform on one machine.")
{
    UpCommand.Create(),
    KeysCommand.Create(),
    ModelsCommand.Create(),
    GatewaysCommand.Create(),
    WorkersCommand.Create(),
    UsageCommand.Create(),
    DoctorCommand.Create(),
};

// Left to itself the library ends the process two seconds after a signal; streams may take thirty to drain.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
