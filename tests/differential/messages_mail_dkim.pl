#!/usr/bin/perl
# Signs and verifies with Mail::DKIM for messages_peers.py: a line of JSON in, a line of JSON out.
#
#   messages_mail_dkim.pl ZONE     ZONE is JSON: {name: [TXT record, ...]}, "FAIL" instead of the list for a name
#                                  whose lookup fails for now. Other names do not exist.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use Net::DNS;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;
use Mail::DKIM::TextWrap;
use Mail::DKIM::PrivateKey;
use Mail::DKIM::ARC::Signer;
use Mail::DKIM::ARC::Verifier;

package ZoneResolver;

sub new {
    my ( $class, $zone ) = @_;
    return bless { zone => $zone, error => 'NOERROR' }, $class;
}

sub errorstring { return $_[0]->{error} }

sub send {
    my ( $self, $name, $type ) = @_;
    my $key = lc $name;
    $key =~ s/\.$//;
    my $records = $self->{zone}{$key};
    my $packet = Net::DNS::Packet->new( 'reply.example', $type );
    $packet->header->qr(1);
    if ( defined $records && !ref $records ) {
        $packet->header->rcode('SERVFAIL');
        $self->{error} = 'SERVFAIL';
        return $packet;
    }
    $packet->header->rcode( defined $records ? 'NOERROR' : 'NXDOMAIN' );
    $self->{error} = defined $records ? 'NOERROR' : 'NXDOMAIN';
    foreach my $record ( @{ $records || [] } ) {
        my @strings = unpack '(a255)*', $record;
        push @strings, '' if !@strings;
        $packet->push( answer => Net::DNS::RR->new( owner => 'reply.example', type => 'TXT', txtdata => \@strings ) );
    }
    return $packet;
}

package main;

my %keys;

sub key_of {
    my ($file) = @_;
    return $keys{$file} ||= Mail::DKIM::PrivateKey->load( File => $file );
}

sub feed {
    my ( $object, $octets ) = @_;
    $object->PRINT($octets);
    $object->CLOSE;
}

sub sign {
    my ( $job, $octets ) = @_;
    my $policy = sub {
        my ($signer) = @_;
        my $signature = Mail::DKIM::Signature->new(
            Algorithm => 'rsa-sha256',
            Method    => $job->{canonicalization},
            Headers   => $job->{headers} // $signer->headers,
            Domain    => $job->{domain},
            Selector  => $job->{selector},
            ( defined $job->{identity}   ? ( Identity   => $job->{identity} )   : () ),
            ( defined $job->{timestamp}  ? ( Timestamp  => $job->{timestamp} )  : () ),
            ( defined $job->{expiration} ? ( Expiration => $job->{expiration} ) : () ),
            Key => key_of( $job->{key} ),
        );
        $signer->add_signature($signature);
        return;
    };
    my $signer = Mail::DKIM::Signer->new( Policy => $policy );
    feed( $signer, $octets );
    return { fields => encode_base64( $signer->signature->as_string, '' ) };
}

sub seal {
    my ( $job, $octets ) = @_;
    my $signer = Mail::DKIM::ARC::Signer->new(
        Algorithm => 'rsa-sha256',
        Chain     => $job->{chain},
        Domain    => $job->{domain},
        SrvId     => $job->{service},
        Selector  => $job->{selector},
        Timestamp => $job->{timestamp},
        Key       => key_of( $job->{key} ),
    );
    feed( $signer, $octets );
    die 'not sealed: ' . ( $signer->{details} // '' ) . "\n" if $signer->result ne 'sealed';
    return { fields => encode_base64( $signer->as_string, '' ) };
}

# The results in the order of the fields; null for one that the verifier does not take as a signature.
sub verify {
    my ( $job, $octets ) = @_;
    my $verifier = Mail::DKIM::Verifier->new( Strict => 1 );
    feed( $verifier, $octets );
    my @signatures = grep { !$_->isa('Mail::DKIM::DkSignature') } $verifier->signatures;
    my @results;
    foreach my $field ( map { decode_base64($_) } @{ $job->{signatures} } ) {
        my $parsed = eval { Mail::DKIM::Signature->parse($field) };
        my $signature = $parsed ? shift @signatures : undef;
        push @results, $signature ? [ $signature->result, $signature->result_detail ] : undef;
    }
    my $chain = Mail::DKIM::ARC::Verifier->new( Strict => 1 );
    feed( $chain, $octets );
    return { dkim => \@results, arc => [ $chain->result, $chain->{details} // '' ] };
}

my ($zone_file) = @ARGV;
open my $file, '<', $zone_file or die "$zone_file: $!";
my $zone = decode_json( do { local $/ = undef; <$file> } );
close $file;
Mail::DKIM::DNS::resolver( ZoneResolver->new($zone) );
my %work = ( sign => \&sign, seal => \&seal, verify => \&verify );
$| = 1;
while ( my $line = <STDIN> ) {
    my $job = decode_json($line);
    my $octets = decode_base64( $job->{message} );
    my $result = eval { $work{ $job->{work} }->( $job, $octets ) } || { error => "$@" };
    print JSON::PP->new->ascii->canonical->encode($result), "\n";
}
