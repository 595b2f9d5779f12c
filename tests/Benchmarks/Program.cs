using System.CommandLine;
using Tollgate.Benchmarks;
using Tollgate.Benchmarks.Peers;

var root = new RootCommand("Measures Tollgate on this machine.")
{
    DrawingCommand.Create(), EncodersCommand.Create(), GatewayCommand.Create(), GrammarsCommand.Create(), GrowthCommand.Create(),
    InferenceCommand.Create(), IngestCommand.Create(), JobsCommand.Create(), MemoryCommand.Create(), PicturesCommand.Create(),
    SpeechCommand.Create(), TrainingCommand.Create(), PeerHost.Create(),
};
var order = root.Parse(args);
if (order.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync($"tollgate bench: {order.Errors[0].Message}");
    return 2;
}

return await order.InvokeAsync();
