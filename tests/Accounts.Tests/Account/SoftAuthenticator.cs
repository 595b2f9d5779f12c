using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Tollgate.Accounts.Tests.Account;

/// <summary>A passkey in software: answers options as a browser with an authenticator would, with a counter that the test sets.</summary>
internal sealed class SoftAuthenticator(string origin) : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] _id = RandomNumberGenerator.GetBytes(16);
    private string _userHandle = "";

    /// <summary>The signature counter of the next answer.</summary>
    public uint Counter { get; set; }

    /// <summary>Whether the authenticator verified the person.</summary>
    public bool Verifies { get; set; } = true;

    /// <summary>The credential's id as options and pages write it.</summary>
    public string Id => WebEncoders.Base64UrlEncode(_id);

    /// <summary>Answers options for a new passkey.</summary>
    public string Create(JsonElement options)
    {
        _userHandle = options.GetProperty("user").GetProperty("id").GetString()!;
        var point = _key.ExportParameters(includePrivateParameters: false).Q;
        byte[] publicKey = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32, .. point.X!, 0x22, 0x58, 32, .. point.Y!];
        byte[] data =
        [
            .. Head(options.GetProperty("rp").GetProperty("id").GetString()!, attested: true),
            .. new byte[16], 0, (byte)_id.Length, .. _id, .. publicKey,
        ];
        byte[] attestation =
        [
            0xa3, 0x63, .. "fmt"u8, 0x64, .. "none"u8, 0x67, .. "attStmt"u8, 0xa0, 0x68, .. "authData"u8, 0x58, (byte)data.Length, .. data,
        ];
        return Write(new JsonObject
        {
            ["clientDataJSON"] = WebEncoders.Base64UrlEncode(ClientData("webauthn.create", options)),
            ["attestationObject"] = WebEncoders.Base64UrlEncode(attestation),
            ["transports"] = new JsonArray("internal"),
        });
    }

    /// <summary>Answers options for a sign-in.</summary>
    public string Answer(JsonElement options)
    {
        var (client, data) = (ClientData("webauthn.get", options), Head(options.GetProperty("rpId").GetString()!, attested: false));
        var signature = _key.SignData([.. data, .. SHA256.HashData(client)], HashAlgorithmName.SHA256,
            DSASignatureFormat.Rfc3279DerSequence);
        return Write(new JsonObject
        {
            ["clientDataJSON"] = WebEncoders.Base64UrlEncode(client),
            ["authenticatorData"] = WebEncoders.Base64UrlEncode(data),
            ["signature"] = WebEncoders.Base64UrlEncode(signature),
            ["userHandle"] = _userHandle,
        });
    }

    public void Dispose() => _key.Dispose();

    private byte[] Head(string domain, bool attested)
    {
        var counter = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(counter, Counter);
        return [.. SHA256.HashData(Encoding.UTF8.GetBytes(domain)), (byte)(1 | (Verifies ? 4 : 0) | (attested ? 0x40 : 0)), .. counter];
    }

    private byte[] ClientData(string type, JsonElement options) => JsonSerializer.SerializeToUtf8Bytes(new
    {
        type, challenge = options.GetProperty("challenge").GetString(), origin, crossOrigin = false,
    });

    private string Write(JsonObject response) => new JsonObject
    {
        ["id"] = Id, ["rawId"] = Id, ["type"] = "public-key", ["response"] = response, ["clientExtensionResults"] = new JsonObject(),
    }.ToJsonString();
}
