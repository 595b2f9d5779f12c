using System.CommandLine;
using Tollgate.Training.Runs;

var root = new RootCommand("Trains models that Tollgate serves.") { TrainCommand.Create(), SplitsCommand.Create() };
return await root.Parse(args).InvokeAsync();
