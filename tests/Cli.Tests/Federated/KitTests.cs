using Tollgate.Cli.Commands;
using Tollgate.Contracts.Federated;
using Tollgate.Testing;

namespace Tollgate.Cli.Tests.Federated;

public sealed class KitTests
{
    [Fact]
    public async Task A_kit_is_packed_without_models_and_signed_with_one_key()
    {
        var (program, data, folder) = (TestFolder.Create("program"), TestFolder.Create("data"), TestFolder.Create("kits"));
        Directory.CreateDirectory(Path.Combine(program, "models", "tiny"));
        foreach (var file in (string[])["Tollgate.FederatedKit.dll", "Tollgate.FederatedKit.pdb", "models/tiny/model.onnx"])
        {
            await File.WriteAllTextAsync(Path.Combine(program, file), file);
        }

        Assert.Equal(0, await RunAsync("one"));
        Assert.Equal(0, await RunAsync("two"));
        Assert.Equal(1, await RunAsync("one"));

        using var key = System.Security.Cryptography.ECDsa.Create();
        var path = Path.Combine(data, "secrets", "federated-kit.pem");
        key.ImportFromPem(await File.ReadAllTextAsync(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        foreach (var kit in (string[])["one", "two"])
        {
            Assert.Null(KitSignature.Refuse(Path.Combine(folder, kit), KitSignature.Fingerprint(key)));
        }

        Assert.Equal(
            [KitSignature.SumsName, KitSignature.SignatureName, "Tollgate.FederatedKit.dll", KitSignature.KeyName, "tollgate-federated"],
            Directory.EnumerateFiles(Path.Combine(folder, "one"), "*", SearchOption.AllDirectories).Select(Path.GetFileName)
                .Order(StringComparer.Ordinal));

        Task<int> RunAsync(string kit) => OperatorCommand.RunAsync(
            "test", OperatorVerbs.Create(), ["federated", "kit", Path.Combine(folder, kit), "--program", program, "--data", data]);
    }
}
