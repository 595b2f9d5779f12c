using System.CommandLine;
using Tollgate.Training.Runs;

return await new RootCommand("Trains models that Tollgate serves.") { TrainCommand.Create() }.Parse(args).InvokeAsync();
