using System.CommandLine;
using Tollgate.Benchmarks;
using Tollgate.Benchmarks.Peers;

var root = new RootCommand("Measures Tollgate on this machine.") { GatewayCommand.Create(), IngestCommand.Create(), PeerHost.Create() };
return await root.Parse(args).InvokeAsync();
