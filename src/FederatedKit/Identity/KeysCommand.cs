using System.CommandLine;
using Tollgate.Contracts.Federated;

namespace Tollgate.FederatedKit.Identity;

/// <summary><c>keys FILE</c>: makes a participant's key once, and prints its public half.</summary>
internal static class KeysCommand
{
    private static readonly Argument<FileInfo> KeyFile = new("FILE") { Description = "Where the key lies, or is put." };

    public static Command Create()
    {
        var command = new Command("keys", "Makes your key, if there is none, and prints what the owner of a training needs.") { KeyFile };
        command.SetAction(parsed => KitErrors.Run(() =>
        {
            using var key = ParticipantKey.OpenOrCreate(parsed.GetRequiredValue(KeyFile).FullName);
            var participant = new FederatedParticipant("", key.ExportSubjectPublicKeyInfo());
            Console.WriteLine($"public_key {Convert.ToBase64String(participant.PublicKey)}");
            Console.WriteLine($"sha256     {participant.Fingerprint()}");
            return Task.FromResult(0);
        }));
        return command;
    }
}
