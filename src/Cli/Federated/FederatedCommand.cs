using System.CommandLine;
using System.Security.Cryptography;
using Tollgate.Cli.Commands;
using Tollgate.Cli.Data;
using Tollgate.Contracts.Federated;
using Tollgate.LocalServers;

namespace Tollgate.Cli.Federated;

/// <summary><c>tollgate federated kit</c>: the program of participants as a folder that the installation has signed.</summary>
internal static class FederatedCommand
{
    private const string Launcher = "tollgate-federated";
    private const UnixFileMode Executable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>Demo models of the worker, symbols and documentation are no part of a kit.</summary>
    private static readonly string[] LeftOut = [".pdb", ".xml"];

    private static readonly Argument<DirectoryInfo> Out = new("OUT") { Description = "Receives the kit; must not exist, or be empty." };

    private static readonly Option<DirectoryInfo> Program = new("--program")
    {
        Description = "Folder of the built kit.",
        DefaultValueFactory = _ => new DirectoryInfo(
            Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "FederatedKit", "release"))),
    };

    public static Command Create() => new("federated", "Training on data that stays with its owners.")
    {
        new Command("kit", "Packs and signs the program of participants, and prints the SHA-256 of the key.")
        {
            Out, Program,
        }.Does(PackAsync),
    };

    private static async Task<int> PackAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (from, to) = (parsed.GetRequiredValue(Program).FullName, parsed.GetRequiredValue(Out).FullName);
        if (!File.Exists(Path.Combine(from, "Tollgate.FederatedKit.dll")))
        {
            throw new OperatorException($"'{from}' holds no kit. Build it: dotnet build src/FederatedKit -c Release");
        }

        if (Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
        {
            throw new OperatorException($"The folder '{to}' is not empty.");
        }

        foreach (var path in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, path);
            if (!relative.StartsWith("models/", StringComparison.Ordinal) && !LeftOut.Contains(Path.GetExtension(relative)))
            {
                var copy = Path.Combine(to, relative);
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                await File.WriteAllBytesAsync(copy, await File.ReadAllBytesAsync(path, cancellationToken), cancellationToken);
            }
        }

        var launcher = Path.Combine(to, Launcher);
        await File.WriteAllTextAsync(
            launcher, "#!/bin/sh\nexec dotnet \"$(dirname \"$0\")/Tollgate.FederatedKit.dll\" \"$@\"\n", cancellationToken);
        File.SetUnixFileMode(launcher, Executable);
        using var key = OpenKey(DataFolder.Of(parsed));
        KitSignature.Sign(to, key);
        await Console.Out.WriteLineAsync(KitSignature.Fingerprint(key));
        return 0;
    }

    /// <summary>The installation's key for kits, which is made once.</summary>
    private static ECDsa OpenKey(DataFolder data)
    {
        var path = Path.Combine(data.Folder("secrets"), "federated-kit.pem");
        if (!File.Exists(path))
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            OwnerOnly.Write(path, made.ExportPkcs8PrivateKeyPem() + "\n");
        }

        var key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return key;
    }
}
