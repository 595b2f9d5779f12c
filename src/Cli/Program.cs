using Tollgate.Cli;
using Tollgate.Cli.Commands;
using Tollgate.ServiceDefaults.Hosting;

NewFiles.AreTheOwnersAlone();
return await OperatorCommand.RunAsync(
    "Operates Tollgate: the installation of a data folder, or the cluster that the environment names.", OperatorVerbs.Create(), args);
