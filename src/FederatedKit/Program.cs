using System.CommandLine;
using Tollgate.FederatedKit.Export;
using Tollgate.FederatedKit.Identity;
using Tollgate.FederatedKit.Rounds;
using Tollgate.FederatedKit.Signing;

var root = new RootCommand("Takes part in a federated training: the data stays on this machine.")
{
    KeysCommand.Create(), JoinCommand.Create(), VerifyCommand.Create(), ExportCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
