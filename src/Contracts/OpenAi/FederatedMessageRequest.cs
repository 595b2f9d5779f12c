using System.Diagnostics.CodeAnalysis;
using Tollgate.Contracts.Federated;

namespace Tollgate.Contracts.OpenAi;

/// <summary><c>POST /v1/fine_tuning/federated/{job}/messages</c>: a signed message of a participant.</summary>
public static class FederatedMessageRequest
{
    private static readonly Dictionary<string, FederatedPhase> Phases = Enum.GetValues<FederatedPhase>().ToDictionary(
        phase => phase.ToString().ToLowerInvariant(), StringComparer.Ordinal);

    /// <summary>All members that the parser knows.</summary>
    internal static MemberNames Members => Body.Names;

    /// <summary>
    /// Parses a body; its signature is not checked. Never throws; sets exactly one of <paramref name="message"/> and
    /// <paramref name="error"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, [NotNullWhen(true)] out FederatedMessage? message, [NotNullWhen(false)] out OpenAiError? error) =>
        RequestParser.TryParse(body.Span, new Body(), out message, out error);

    private struct Body : IBodyOf<FederatedMessage>
    {
        private long? _participant;
        private long? _round;
        private long? _attempt;
        private FederatedPhase? _phase;
        private byte[]? _payload;
        private byte[]? _signature;

        public static MemberNames Names { get; } = new("participant", "round", "attempt", "phase", "payload", "signature");

        public readonly int ObjectStart
        {
            set { }
        }

        public readonly void SkipNull(string name, ByteRange range)
        {
            // Null counts as absent.
        }

        public bool Read(ref RequestReader reader, string name) => name switch
        {
            "participant" => ReadWhole(ref reader, 1, ref _participant),
            "round" => ReadWhole(ref reader, 0, ref _round),
            "attempt" => ReadWhole(ref reader, 0, ref _attempt),
            "phase" => ReadPhase(ref reader),
            "payload" => ReadBytes(ref reader, ref _payload),
            _ => ReadBytes(ref reader, ref _signature),
        };

        public readonly FederatedMessage? Finish(ref RequestReader reader)
        {
            if ((_participant is null ? "participant" : _round is null ? "round" : _attempt is null ? "attempt" : _phase is null ? "phase"
                : _payload is null ? "payload" : _signature is null ? "signature" : null) is { } missing)
            {
                reader.FailMissing(missing);
                return null;
            }

            return new FederatedMessage(
                (int)_participant!, (int)_round!, (int)_attempt!, _phase!.Value, _payload!, _signature!);
        }

        private static bool ReadWhole(ref RequestReader reader, long least, ref long? value)
        {
            var read = reader.ReadInteger(least, 1_000, out var whole);
            value = whole;
            return read;
        }

        private bool ReadPhase(ref RequestReader reader)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            var isPhase = Phases.TryGetValue(text, out var phase);
            _phase = phase;
            return isPhase || reader.FailValue($"one of {string.Join(", ", Phases.Keys.Select(name => $"'{name}'"))}");
        }

        private static bool ReadBytes(ref RequestReader reader, ref byte[]? value)
        {
            if (!reader.ReadString(out var text))
            {
                return false;
            }

            var bytes = new byte[text.Length];
            if (!Convert.TryFromBase64String(text, bytes, out var length))
            {
                return reader.FailValue("bytes in base64");
            }

            value = bytes[..length];
            return true;
        }
    }
}
