using System.CommandLine;
using Tollgate.Contracts.Federated;
using Tollgate.FederatedKit.Identity;

namespace Tollgate.FederatedKit.Signing;

/// <summary><c>verify</c>: whether a kit's files are those that the installation signed. A kit that was changed could lie about itself:
/// check another copy with a kit that you trust, or use <c>openssl</c> and <c>sha256sum</c>.</summary>
internal static class VerifyCommand
{
    private static readonly Argument<DirectoryInfo> Folder = new("FOLDER")
    {
        Description = "Folder of a kit (this one).",
        DefaultValueFactory = _ => new DirectoryInfo(AppContext.BaseDirectory),
    };

    private static readonly Option<string> Key = new("--key")
    {
        Description = "SHA-256 of the installation's kit key, which './tollgate federated kit' prints.", Required = true,
    };

    public static Command Create()
    {
        var command = new Command("verify", "Checks the files of a kit against the installation's signature.") { Folder, Key };
        command.SetAction(parsed => KitErrors.Run(() =>
        {
            var folder = parsed.GetRequiredValue(Folder).FullName;
            if (KitSignature.Refuse(folder, parsed.GetRequiredValue(Key)) is { } fault)
            {
                throw new KitException(fault);
            }

            Console.WriteLine($"{folder}: every file is the one that the installation signed.");
            return Task.FromResult(0);
        }));
        return command;
    }
}
