using System.Security.Cryptography;
using Tollgate.Contracts.Federated;
using Tollgate.Testing;

namespace Tollgate.FederatedKit.Tests.Signing;

public sealed class VerifyTests
{
    [Fact]
    public async Task A_kit_is_accepted_as_it_was_signed_and_refused_with_any_change()
    {
        var folder = TestFolder.Create("kit");
        Directory.CreateDirectory(Path.Combine(folder, "runtimes"));
        await File.WriteAllTextAsync(Path.Combine(folder, "a.dll"), "one");
        await File.WriteAllTextAsync(Path.Combine(folder, "runtimes", "b.so"), "two");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var fingerprint = KitSignature.Fingerprint(key);
        KitSignature.Sign(folder, key);

        (await RunAsync(fingerprint)).Succeeded();
        var foreign = await RunAsync(KitSignature.Fingerprint(other));
        Assert.Contains($"not {KitSignature.Fingerprint(other)}", foreign.Error, StringComparison.Ordinal);
        await AssertRefusedAsync("a.dll", "changed");
        await AssertRefusedAsync("added.dll", "one");
        await AssertRefusedAsync(KitSignature.SumsName, "");
        await AssertRefusedAsync(KitSignature.KeyName, other.ExportSubjectPublicKeyInfoPem());
        File.Delete(Path.Combine(folder, "runtimes", "b.so"));
        Assert.Equal(1, (await RunAsync(fingerprint)).ExitCode);

        async Task AssertRefusedAsync(string file, string text)
        {
            var path = Path.Combine(folder, file);
            var before = File.Exists(path) ? await File.ReadAllBytesAsync(path) : null;
            await File.WriteAllTextAsync(path, text);
            Assert.NotNull(KitSignature.Refuse(folder, fingerprint));
            if (before is null)
            {
                File.Delete(path);
            }
            else
            {
                await File.WriteAllBytesAsync(path, before);
            }

            Assert.Null(KitSignature.Refuse(folder, fingerprint));
        }

        Task<ProgramRun> RunAsync(string wanted) => ProgramRun.RunAsync(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "Tollgate.FederatedKit.dll"), "verify", folder, "--key", wanted]);
    }

    [Fact]
    public async Task Common_tools_check_a_kit_too()
    {
        var folder = TestFolder.Create("kit");
        await File.WriteAllTextAsync(Path.Combine(folder, "a.dll"), "one");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        KitSignature.Sign(folder, key);

        var run = await ProgramRun.RunAsync(
            "/bin/sh", ["-c", $"cd '{folder}' && sha256sum --check --strict {KitSignature.SumsName}"]);

        Assert.Contains("a.dll: OK", run.Succeeded(), StringComparison.Ordinal);
    }
}
