using Tollgate.AllInOne.Doctor;
using Tollgate.AllInOne.Up;
using Tollgate.Cli;
using Tollgate.Cli.Commands;
using Tollgate.ServiceDefaults.Hosting;

NewFiles.AreTheOwnersAlone();
return await OperatorCommand.RunAsync(
    "Runs a whole Tollgate on one machine, and operates it.",
    [UpCommand.Create(), DoctorCommand.Create(), .. OperatorVerbs.Create()],
    args);
